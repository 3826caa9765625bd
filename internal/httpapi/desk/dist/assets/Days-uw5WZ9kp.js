import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-CYyNoLRM.js";import"./index-Br4Adq1F.js";import"./Long.vue_vue_type_style_index_0_lang-CbSNORYl.js";export{o as default};

import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-Cx4bMtjv.js";import"./index-D6YFToRJ.js";import"./Long.vue_vue_type_style_index_0_lang-nnpLoEN-.js";export{o as default};

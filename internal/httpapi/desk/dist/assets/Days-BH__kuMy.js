import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-sUq-CKsi.js";import"./index-7snoBIo2.js";import"./Long.vue_vue_type_style_index_0_lang-C5Stb33X.js";export{o as default};

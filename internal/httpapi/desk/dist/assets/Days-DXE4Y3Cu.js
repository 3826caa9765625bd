import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-DG-tjMWE.js";import"./index-CYqE3o4g.js";import"./Long.vue_vue_type_style_index_0_lang-BCR9SSql.js";export{o as default};

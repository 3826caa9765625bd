import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-CslXbsYG.js";import"./index-DqkYemv2.js";import"./Long.vue_vue_type_style_index_0_lang-BQODHnt5.js";export{o as default};

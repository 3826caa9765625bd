import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-DEGMAqDE.js";import"./index-D2HsX0Un.js";import"./index-BfWe-MLi.js";export{o as default};

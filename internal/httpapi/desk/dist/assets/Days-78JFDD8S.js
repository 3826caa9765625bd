import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-C6tY0dJo.js";import"./index-C6nxGqca.js";import"./index-Bvc9oxSe.js";export{o as default};

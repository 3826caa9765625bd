import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-RHrkfATU.js";import"./index-1ntriW02.js";import"./index-CZblk5s9.js";export{o as default};

import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-ferREaxL.js";import"./index-G8oxDJ6a.js";import"./index-DOQrr_R9.js";export{o as default};

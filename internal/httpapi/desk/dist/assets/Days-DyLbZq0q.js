import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-CiUmhgO_.js";import"./index-Clzui1Fg.js";import"./Long.vue_vue_type_style_index_0_lang-BH0orcC2.js";export{o as default};

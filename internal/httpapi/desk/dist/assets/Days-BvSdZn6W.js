import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-Bwu6ivvZ.js";import"./index-fduir8yL.js";import"./Long.vue_vue_type_style_index_0_lang-BDLGx7aa.js";export{o as default};

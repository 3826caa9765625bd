import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-DaU377EB.js";import"./index-Tspejb0j.js";import"./index-DBtxOcrr.js";export{o as default};

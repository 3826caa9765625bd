import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-BANA-C5f.js";import"./index--Y3spqXc.js";import"./index-DGX2N_77.js";export{o as default};

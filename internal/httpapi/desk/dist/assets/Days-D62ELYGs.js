import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-B_NMPglw.js";import"./index-CWLnnuoZ.js";import"./Long.vue_vue_type_style_index_0_lang-B6R_cBo5.js";export{o as default};

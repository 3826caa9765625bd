import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-Bz_8-iGV.js";import"./index-BO15AGvn.js";import"./Long.vue_vue_type_style_index_0_lang-q9_H-tiE.js";export{o as default};

import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-C4GADkcR.js";import"./index-BPcKdoYF.js";import"./index-QsfldEGB.js";export{o as default};

import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-DSZHYrkq.js";import"./index-CyKNvubu.js";import"./index-BvDV0n7N.js";export{o as default};

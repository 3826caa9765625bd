import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-D1lAvLE1.js";import"./index-C8dBErl3.js";import"./index-2BtPXXMw.js";export{o as default};

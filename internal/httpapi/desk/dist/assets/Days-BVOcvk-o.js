import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-CyJgwrDx.js";import"./index-yINUnQnD.js";import"./index-B9otlR0M.js";export{o as default};

import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-CfBWTI3m.js";import"./index-BOocnrND.js";import"./index-CSbe8-nB.js";export{o as default};

import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-DMPHoeWs.js";import"./index-kSFV2iaB.js";import"./Long.vue_vue_type_style_index_0_lang-D67BE08W.js";export{o as default};

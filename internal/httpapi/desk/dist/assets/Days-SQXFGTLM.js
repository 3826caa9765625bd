import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-CVpsQ6tQ.js";import"./index-1ImlPGGJ.js";import"./index--EMreOsl.js";export{o as default};

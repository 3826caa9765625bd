import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-BCTfTBSj.js";import"./index-CjsPi9Ci.js";import"./Long.vue_vue_type_style_index_0_lang-UwIGHqZi.js";export{o as default};

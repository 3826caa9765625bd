import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-Bo_ikWsl.js";import"./index-DZ40YmsP.js";import"./index-DnH9nxbB.js";export{o as default};

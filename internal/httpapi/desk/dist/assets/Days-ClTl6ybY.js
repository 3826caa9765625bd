import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-BcHvvA9F.js";import"./index-CB2OSwX8.js";import"./Long.vue_vue_type_style_index_0_lang-6g3kHO60.js";export{o as default};

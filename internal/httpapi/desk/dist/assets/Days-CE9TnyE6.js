import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-BAdUccmB.js";import"./index-dRSNydez.js";import"./index-Dk3n_Hoq.js";export{o as default};

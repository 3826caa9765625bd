import{_ as m}from"./Days.vue_vue_type_style_index_0_lang-3rnjy3DY.js";import"./index-mbJtYz1n.js";export{m as default};

import{_ as m}from"./Days.vue_vue_type_script_setup_true_lang-DBhyEvB6.js";import"./index-CrVqXFP5.js";export{m as default};

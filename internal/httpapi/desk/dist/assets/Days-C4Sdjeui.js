import{_ as m}from"./Days.vue_vue_type_script_setup_true_lang-DsbHq-NN.js";import"./index-CBnleNFg.js";export{m as default};

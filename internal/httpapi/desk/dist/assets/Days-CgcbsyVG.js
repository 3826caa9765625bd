import{_ as o}from"./Days.vue_vue_type_style_index_0_lang-qkbdD1BN.js";import"./index-CpOzQWiP.js";import"./index-dExZXbg5.js";export{o as default};

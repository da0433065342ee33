import "../dist/main.js";

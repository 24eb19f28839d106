// Dash's own start, in a file: no script of the page stands inline.
var renderer = new DashRenderer();

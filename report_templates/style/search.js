// Filters the list as one types. Without it the whole list stands there.
(function () {
  "use strict";
  var box = document.getElementById("search");
  var rows = Array.prototype.slice.call(document.querySelectorAll("#list tbody tr"));
  var letters = { "\u00f8": "o", "\u0111": "d", "\u0142": "l", "\u00df": "ss", "\u00e6": "ae", "\u0153": "oe" };
  var plain = function (text) {
    return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
      .replace(/[\u00f8\u0111\u0142\u00df\u00e6\u0153]/g, function (letter) { return letters[letter]; });
  };
  var texts = rows.map(function (row) { return plain(row.textContent); });
  var filter = function () {
    var words = plain(box.value).split(/\s+/).filter(Boolean);
    var shown = 0;
    rows.forEach(function (row, place) {
      var fits = words.every(function (word) { return texts[place].indexOf(word) !== -1; });
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    document.getElementById("shown").textContent = shown === rows.length ? shown : shown + " / " + rows.length;
    document.getElementById("none").hidden = shown > 0;
  };
  box.parentNode.hidden = false;
  box.addEventListener("input", filter);
  filter();
})();

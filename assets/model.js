// The space tree in the browser: the scene index and the labels that the view loads anyway, asked for once.
(function () {
  "use strict";
  const { facts } = window.campus;

  /** A name in the page's language, else in the language that its file did not tell, else in any. */
  function nameOf(names) {
    return (names && (names[facts.lang] || names[""] || names.en || names.zh || Object.values(names)[0])) || "";
  }

  class Model {
    constructor(index) {
      this.index = index;
      this.labels = null;
      this.buildingRow = new Map(index.buildings.map((building, row) => [building.id, row]));
      this.storeyRow = new Map(index.storeys.id.map((id, row) => [id, row]));
      const used = new Set(index.buildings.map((building) => building.site));
      this.sites = index.sites.filter((site) => used.has(site.id));
      this.siteRow = new Map(this.sites.map((site, row) => [site.id, row]));
      this.spaceRow = new Map();
    }

    takeLabels(labels) {
      this.labels = labels;
      this.spaceRow = new Map(labels.id.map((id, row) => [id, row]));
    }

    kind(id) {
      if (id === this.index.campus.id || !id) return "campus";
      if (this.buildingRow.has(id)) return "building";
      if (this.storeyRow.has(id)) return "storey";
      if (this.spaceRow.has(id)) return "space";
      return this.siteRow.has(id) ? "site" : "other";
    }

    storeyOf(spaceId) {
      const row = this.spaceRow.get(spaceId);
      if (row === undefined) return "";
      const spans = this.index.storeys.spaces;
      let low = 0;
      let high = spans.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (spans[middle][0] <= row) low = middle;
        else high = middle - 1;
      }
      // A storey without spaces shares its start with the next one.
      while (low > 0 && spans[low][1] === 0) low -= 1;
      return this.index.storeys.id[low];
    }

    parent(id) {
      const { campus, buildings, storeys } = this.index;
      switch (this.kind(id)) {
        case "space": return this.storeyOf(id);
        case "storey": return buildings[storeys.building[this.storeyRow.get(id)]].id;
        case "building": {
          const site = buildings[this.buildingRow.get(id)].site;
          return this.siteRow.has(site) ? site : campus.id;
        }
        case "site": return campus.id;
        default: return "";
      }
    }

    path(id) {
      const steps = [];
      for (let step = id; step; step = this.parent(step)) steps.unshift(step);
      return steps;
    }

    /** The ids below: storeys highest first, as a house stands. */
    children(id) {
      const { campus, buildings, storeys } = this.index;
      switch (this.kind(id)) {
        case "campus": {
          const free = buildings.filter((building) => !this.siteRow.has(building.site)).map((building) => building.id);
          return id === campus.id || !id ? [...this.sites.map((site) => site.id), ...free] : [];
        }
        case "site": return buildings.filter((building) => building.site === id).map((building) => building.id);
        case "building": {
          const [first, count] = buildings[this.buildingRow.get(id)].storeys;
          return storeys.id.slice(first, first + count).reverse();
        }
        case "storey": {
          if (!this.labels) return [];
          const [first, count] = storeys.spaces[this.storeyRow.get(id)];
          return this.labels.id.slice(first, first + count);
        }
        default: return [];
      }
    }

    hasChildren(id) {
      const kind = this.kind(id);
      if (kind === "storey") return this.index.storeys.spaces[this.storeyRow.get(id)][1] > 0;
      return kind !== "space" && kind !== "other" && this.children(id).length > 0;
    }

    label(id) {
      const { campus, buildings, storeys } = this.index;
      switch (this.kind(id)) {
        case "campus": return nameOf(campus.names) || campus.id;
        case "site": return nameOf(this.sites[this.siteRow.get(id)].names) || id;
        case "building": return nameOf(buildings[this.buildingRow.get(id)].names) || id;
        case "storey": return nameOf(storeys.names[this.storeyRow.get(id)]) || id;
        case "space": {
          const row = this.spaceRow.get(id);
          const other = facts.lang === "zh" ? "en" : "zh";
          const name = this.labels[facts.lang][row] || this.labels[other][row] || "";
          const number = this.labels.number[row] || "";
          return [...new Set([number, name])].filter(Boolean).join(" ") || id;
        }
        default: return id;
      }
    }

    /** [min, max] of an axis [m]: of the building that holds `id`, else of the campus. */
    extent(axis, id) {
      const building = this.path(id).find((step) => this.buildingRow.has(step));
      const bounds = building ? this.index.buildings[this.buildingRow.get(building)].bounds : this.index.bounds;
      const place = { x: 0, y: 1, z: 2 }[axis];
      return [bounds[place], bounds[place + 3]];
    }
  }

  async function load() {
    const index = await (await fetch(facts.scene)).json();
    const model = new Model(index);
    if (index.labels) {
      model.ready = fetch(index.labels)
        .then((answer) => answer.json())
        .then((labels) => model.takeLabels(labels));
    } else {
      model.ready = Promise.resolve();
    }
    return model;
  }

  let loading = null;
  /** The model, loaded once a page; rejects when the scene cannot be had. */
  window.campus.model = () => (loading ??= facts.scene ? load() : Promise.reject(new Error("the page names no scene")));
})();

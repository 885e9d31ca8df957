// Races of the stored run, to be chosen: `figure.js` with lists, and a table with a bar in each row.

class StoredRaces extends View {
  inputs = ["kind", "distribution", "size", "over", "races"];
  outputs = [];

  addParts() {
    const { size_label } = this.setting;
    this.lists = {
      kind: this.addList("kind", "stored races", (kind) => this.setting.titles[kind]),
      distribution: this.addList("distribution", "inputs"),
      size: this.addList("size", size_label, (size) => short(size)),
      over: this.addList("over", "compare with"),
    };
    this.table = add(this.root, "table", { class: "bars" });
  }

  /** Add a list of choices; the function that shows them hides the list where there is only one. */
  addList(name, words, written = (value) => value) {
    const label = add(this.controls, "label", { class: "list" });
    add(label, "span").textContent = words;
    const select = add(label, "select");
    select.addEventListener("change", () => this.choose(name, select.value));
    return (options, value) => {
      label.hidden = options.length < 2;
      select.replaceChildren(
        ...options.map((option) => new Option(written(option), option, false, option === value)),
      );
    };
  }

  /** Change one choice, and those below it that do not exist any more. */
  choose(name, value) {
    const { races } = this.setting;
    const now = { ...this.chosen(), [name]: value };
    if (!(now.distribution in races[now.kind])) [now.distribution] = Object.keys(races[now.kind]);
    const sizes = races[now.kind][now.distribution];
    if (!(now.size in sizes)) {
      const gap = (size) => Math.abs(Math.log(size / now.size));
      [now.size] = Object.keys(sizes).sort((one, other) => gap(one) - gap(other));
    }
    if (!sizes[now.size].includes(now.over)) [now.over] = sizes[now.size];
    this.move({ ...now, size: Number(now.size) });
  }

  chosen() {
    const names = ["kind", "distribution", "size", "over"];
    return Object.fromEntries(names.map((name) => [name, this.model.get(name)]));
  }

  /** The race that is chosen; with a kernel, the one before it until the kernel has answered. */
  cleared() {
    const key = Object.values(this.chosen()).join("/");
    return this.model.get("races")[key] ?? this.now;
  }

  draw() {
    this.now = this.cleared();
    const { kind, distribution, size, over } = this.chosen();
    const { races } = this.setting;
    const sizes = races[kind][distribution];
    this.lists.kind(Object.keys(races), kind);
    this.lists.distribution(Object.keys(races[kind]), distribution);
    this.lists.size(Object.keys(sizes), String(size));
    this.lists.over(sizes[size], over);
    this.drawTable(this.now);
    this.say(this.now.sentence);
  }

  drawTable({ rows, end, headings }) {
    this.table.replaceChildren();
    const head = add(add(this.table, "thead"), "tr");
    for (const heading of headings) {
      add(head, "th", { scope: "col" }).textContent = heading;
    }
    const body = add(this.table, "tbody");
    for (const { name, colour, quartiles, time, compared } of rows) {
      const row = add(body, "tr");
      add(row, "th", { scope: "row" }).textContent = name;
      const cell = add(row, "td", { class: "bar" });
      const [low, median, high] = quartiles.map((value) => `${((100 * value) / end).toFixed(2)}%`);
      add(cell, "span").textContent = time;
      const bar = add(cell, "div", { "aria-hidden": "true" });
      add(bar, "div", { style: `width: ${median}; background: ${colour}` });
      add(bar, "i", { style: `left: ${low}; width: calc(${high} - ${low})` });
      add(row, "td").textContent = compared;
    }
  }
}

export default rendering(StoredRaces);

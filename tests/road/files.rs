//! Which file of the source knows which other one: by imports, and by paths in expressions and types.
//!
//! A name is followed through re-exports to the file that defines it. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, ItemFn, ItemImpl, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// How many re-exports may stand between a name and its definition.
const LONGEST: usize = 16;

/// The segments of a path.
type Segments = Vec<String>;

/// A file, and what it names.
#[derive(Default)]
struct Module {
    children: BTreeSet<String>,
    /// What names that are imported stand for.
    imported: BTreeMap<String, Segments>,
    /// All paths in it but those of re-exports, which only pass a name on.
    paths: Vec<Segments>,
}

/// All files of the crate, by the path of their module.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<Segments, Module>);

impl Files {
    /// The files below `source`.
    pub(crate) fn read(source: &Path) -> Self {
        let mut files = Self::default();
        files.add(source, &source.join("lib.rs"), Vec::new());
        files
    }

    fn add(&mut self, source: &Path, file: &Path, path: Segments) {
        let text = fs::read_to_string(file).expect("text");
        let mut module = Module::default();
        module.visit_file(&syn::parse_file(&text).expect("source"));
        for child in &module.children {
            let path: Segments = path.iter().chain([child]).cloned().collect();
            let place = source.join(path.iter().collect::<PathBuf>());
            let file = Some(place.with_extension("rs")).filter(|file| file.exists());
            self.add(source, &file.unwrap_or_else(|| place.join("mod.rs")), path);
        }
        self.0.insert(path, module);
    }

    /// The file that defines what `segments` mean in the file `from`; nothing for other crates.
    fn file_of(&self, from: &Segments, segments: &[String], depth: usize) -> Option<Segments> {
        let module = self.0.get(from)?;
        let (first, rest) = segments.split_first().filter(|_| depth < LONGEST)?;
        let absolute = match first.as_str() {
            "crate" => return self.below(&Vec::new(), rest, depth),
            "self" => return self.below(from, rest, depth),
            "super" => {
                let parent = from[..from.len().checked_sub(1)?].to_vec();
                return match rest.first().map(String::as_str) {
                    Some("super") => self.file_of(&parent, rest, depth + 1),
                    _ => self.below(&parent, rest, depth),
                };
            }
            name => module.children.contains(name) || module.imported.contains_key(name),
        };
        absolute.then(|| self.below(from, segments, depth)).flatten()
    }

    /// The file that defines what is called `names` in the file `from`.
    fn below(&self, from: &Segments, names: &[String], depth: usize) -> Option<Segments> {
        let module = self.0.get(from)?;
        let Some((first, rest)) = names.split_first() else { return Some(from.clone()) };
        if module.children.contains(first) {
            let child = from.iter().chain([first]).cloned().collect();
            return self.below(&child, rest, depth);
        }
        match module.imported.get(first) {
            Some(path) if path != names => {
                let path: Segments = path.iter().chain(rest).cloned().collect();
                self.file_of(from, &path, depth + 1)
            }
            Some(_) => None,
            None => Some(from.clone()),
        }
    }

    /// Each file with those it knows.
    fn edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        let known = |(path, module): (&Segments, &Module)| {
            let files = module.paths.iter().filter_map(|names| self.file_of(path, names, 0));
            (name(path), files.filter(|file| file != path).map(|file| name(&file)).collect())
        };
        self.0.iter().map(known).collect()
    }

    /// The files that stand in circles, with those of the same circle that each knows.
    pub(crate) fn circles(&self) -> BTreeMap<String, BTreeSet<String>> {
        let edges = self.edges();
        let mut circles = BTreeMap::new();
        for (file, knows) in &edges {
            let leads_back = |next: &&String| reached(&edges, next).contains(file);
            let circle: BTreeSet<String> = knows.iter().filter(leads_back).cloned().collect();
            if !circle.is_empty() {
                circles.insert(file.clone(), circle);
            }
        }
        circles
    }
}

/// The files that `file` knows, and those that these know.
fn reached(edges: &BTreeMap<String, BTreeSet<String>>, file: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file.to_owned()];
    while let Some(file) = open.pop() {
        let new =
            edges.get(&file).into_iter().flatten().filter(|next| reached.insert((*next).clone()));
        open.extend(new.cloned().collect::<Vec<_>>());
    }
    reached
}

fn name(path: &Segments) -> String {
    path.join("::")
}

fn is_test(attributes: &[Attribute]) -> bool {
    let is_test =
        |one: &Attribute| one.parse_args::<syn::Path>().is_ok_and(|arg| arg.is_ident("test"));
    attributes.iter().any(|one| one.path().is_ident("cfg") && is_test(one))
}

impl Module {
    fn import(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: String| before.iter().cloned().chain([name]).collect::<Segments>();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(path.ident.to_string())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before)),
            UseTree::Glob(_) => self.paths.push(before.to_vec()),
            UseTree::Name(one) if one.ident == "self" => {
                self.bind(before.last().cloned().unwrap_or_default(), before.to_vec());
            }
            UseTree::Name(one) => self.bind(one.ident.to_string(), with(one.ident.to_string())),
            UseTree::Rename(one) => self.bind(one.rename.to_string(), with(one.ident.to_string())),
        }
    }

    fn bind(&mut self, name: String, path: Segments) {
        self.paths.push(path.clone());
        self.imported.insert(name, path);
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if is_test(&item.attrs) {
            return;
        }
        assert!(item.content.is_none(), "a module within a file: {}", item.ident);
        self.children.insert(item.ident.to_string());
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let before = self.paths.len();
        if !is_test(&item.attrs) {
            self.import(&item.tree, &[]);
        }
        if !matches!(item.vis, Visibility::Inherited) {
            self.paths.truncate(before);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        if !is_test(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|one| one.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        let text = item.tokens.to_string().replace(" ::", "::").replace(":: ", "::");
        let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':'));
        let paths = words.filter(|word| word.contains("::"));
        self.paths.extend(paths.map(|path| path.split("::").map(str::to_owned).collect()));
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

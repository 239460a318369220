//! Against the standard library's map, node by node.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use proptest::{collection::vec, prelude::*};

use super::{Entry, Tree, node::Node};

#[derive(Clone, Debug, PartialEq)]
struct Pair(u32, u32);

impl Entry for Pair {
    type Key = u32;

    fn key(&self) -> u32 {
        self.0
    }

    fn compare(&self, key: &u32) -> Ordering {
        self.0.cmp(key)
    }
}

fn pairs(tree: &Tree<Pair>) -> Vec<(u32, u32)> {
    tree.iter().map(|pair| (pair.0, pair.1)).collect()
}

/// Every leaf is equally deep, no node but the root is empty, bounds hold.
fn check(tree: &Tree<Pair>) {
    fn depth(node: &Node<Pair>, least: Option<u32>, below: Option<u32>) -> usize {
        match node {
            Node::Leaf(entries) => {
                for Pair(key, _) in entries {
                    assert!(least.is_none_or(|least| least <= *key));
                    assert!(below.is_none_or(|below| *key < below));
                }
                assert!(entries.len() <= 32);
                let is_root = least.is_none() && below.is_none();
                assert!(is_root || !entries.is_empty(), "an empty leaf");
                0
            }
            Node::Branch(children) => {
                assert!((1..=32).contains(&children.len()));
                let mut depths = Vec::new();
                for (at, child) in children.iter().enumerate() {
                    let least = if at == 0 { least } else { Some(child.least) };
                    let below = children.get(at + 1).map(|next| next.least).or(below);
                    depths.push(depth(&child.node, least, below));
                }
                assert!(depths.windows(2).all(|pair| pair[0] == pair[1]), "{depths:?}");
                depths[0] + 1
            }
        }
    }
    depth(&tree.root, None, None);
    assert_eq!(tree.len(), tree.iter().count());
}

proptest! {
    #[test]
    fn it_does_what_a_sorted_map_does(
        built in 0..3000_u32,
        operations in vec((any::<bool>(), 0..3000_u32, any::<u32>()), 0..1500),
        emptied in any::<bool>(),
    ) {
        let start: Vec<u32> = (0..built).filter(|key| key % 3 != 0).collect();
        let mut map: BTreeMap<u32, u32> = start.iter().map(|key| (*key, 0)).collect();
        let mut tree = Tree::from_sorted(start.iter().map(|key| Pair(*key, 0)).collect());
        check(&tree);
        let before = (tree.clone(), map.clone());
        let emptying = map.keys().filter(|_| emptied).map(|key| (false, *key, 0));
        for (is_set, key, value) in emptying.collect::<Vec<_>>().into_iter().chain(operations) {
            if is_set {
                let old = tree.insert(Pair(key, value)).map(|pair| pair.1);
                prop_assert_eq!(old, map.insert(key, value));
            } else {
                prop_assert_eq!(tree.remove(&key).map(|pair| pair.1), map.remove(&key));
            }
        }
        check(&tree);
        prop_assert_eq!(pairs(&tree), map.clone().into_iter().collect::<Vec<_>>());
        for key in (0..3000).step_by(7) {
            prop_assert_eq!(tree.get(&key).map(|pair| pair.1), map.get(&key).copied());
            let next = tree.from(&key).next().map(|pair| pair.0);
            prop_assert_eq!(next, map.range(key..).next().map(|(key, _)| *key));
            let rest = map.range(key..).count();
            prop_assert_eq!(tree.from(&key).count(), rest);
            prop_assert!(tree.from(&key).size_hint().0 <= rest);
        }
        // The copy made before saw nothing of it.
        prop_assert_eq!(pairs(&before.0), before.1.into_iter().collect::<Vec<_>>());
    }
}

/// The nodes of a tree, all of which are still there when they are compared.
fn nodes(tree: &Tree<Pair>) -> Vec<*const Node<Pair>> {
    fn walk(node: &Arc<Node<Pair>>, all: &mut Vec<*const Node<Pair>>) {
        all.push(Arc::as_ptr(node));
        if let Node::Branch(children) = &**node {
            children.iter().for_each(|child| walk(&child.node, all));
        }
    }
    let mut all = Vec::new();
    walk(&tree.root, &mut all);
    all
}

#[test]
fn neighbours_share_all_nodes_but_those_on_one_path() {
    let before = Tree::from_sorted((0..10_000).map(|key| Pair(key, 0)).collect());
    let mut after = before.clone();
    after.insert(Pair(5_000, 1));
    let (old, new) = (nodes(&before), nodes(&after));
    assert_eq!(new.iter().filter(|node| !old.contains(node)).count(), 4);
}

#[test]
fn a_tree_without_copies_is_changed_where_it_stands() {
    let mut tree = Tree::from_sorted((0..10_000).map(|key| Pair(key, 0)).collect());
    let before = nodes(&tree);
    tree.insert(Pair(5_000, 1));
    tree.remove(&70);
    tree.insert(Pair(20_000, 1));
    if let Some(pair) = tree.get_mut(&6_000) {
        pair.1 = 1;
    }
    assert_eq!(nodes(&tree), before);
    assert_eq!([5_000, 6_000, 20_000].map(|key| tree.get(&key).unwrap().1), [1, 1, 1]);
}

#[test]
fn a_tree_that_grows_at_one_end_fills_its_leaves() {
    fn leaves(node: &Node<Pair>) -> usize {
        match node {
            Node::Leaf(_) => 1,
            Node::Branch(children) => children.iter().map(|child| leaves(&child.node)).sum(),
        }
    }
    let ends: [fn(u32) -> u32; 2] = [|number| number, |number| 10_000 - number];
    for key in ends {
        let mut tree = Tree::default();
        for number in 0..10_000 {
            tree.insert(Pair(key(number), number));
        }
        check(&tree);
        let filled = tree.len() / leaves(&tree.root);
        assert!(filled >= Pair::LEAF * 7 / 10, "{filled} of {} entries", Pair::LEAF);
    }
}

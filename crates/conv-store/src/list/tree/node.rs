//! The nodes of a tree.

use std::{mem, sync::Arc};

use super::Entry;

/// The most children of a branch.
const BRANCH: usize = 16;

/// The fill of nodes that are built in bulk: room for the next few entries.
const fn built(most: usize) -> usize {
    most / 4 * 3
}

/// All leaves are equally far from the root.
pub(super) enum Node<E: Entry> {
    Leaf(Vec<E>),
    Branch(Vec<Child<E>>),
}

#[derive(Clone)]
pub(super) struct Child<E: Entry> {
    /// Greater than every key of the children before, not greater than any of this one. Of a
    /// branch's first child it means nothing.
    pub(super) least: E::Key,
    pub(super) node: Arc<Node<E>>,
}

/// A node is copied to be changed: mostly by one entry more.
impl<E: Entry> Clone for Node<E> {
    fn clone(&self) -> Self {
        fn with_room<T: Clone>(list: &[T]) -> Vec<T> {
            let mut copy = Vec::with_capacity(list.len().saturating_add(1));
            copy.extend_from_slice(list);
            copy
        }
        match self {
            Self::Leaf(entries) => Self::Leaf(with_room(entries)),
            Self::Branch(children) => Self::Branch(with_room(children)),
        }
    }
}

impl<E: Entry> Node<E> {
    pub(super) fn from_sorted(entries: Vec<E>) -> Self {
        let mut level: Vec<Child<E>> = Vec::new();
        let (mut entries, mut last) = (entries.into_iter(), None::<E>);
        loop {
            let leaf: Vec<E> = entries.by_ref().take(built(E::LEAF)).collect();
            let Some(first) = leaf.first() else { break };
            let least = last.as_ref().map_or_else(|| first.key(), |last| first.bound(last));
            last = leaf.last().cloned();
            level.push(Child { least, node: Arc::new(Self::Leaf(leaf)) });
        }
        while level.len() > BRANCH {
            level = Self::grouped(level);
        }
        Self::Branch(level).without_detour()
    }

    fn grouped(level: Vec<Child<E>>) -> Vec<Child<E>> {
        let mut above = Vec::with_capacity(level.len().div_ceil(built(BRANCH)));
        let mut level = level.into_iter();
        loop {
            let branch: Vec<Child<E>> = level.by_ref().take(built(BRANCH)).collect();
            let Some(first) = branch.first() else {
                return above;
            };
            above.push(Child { least: first.least.clone(), node: Arc::new(Self::Branch(branch)) });
        }
    }

    /// A branch of one child is that child, one of none an empty leaf.
    fn without_detour(self) -> Self {
        match self {
            Self::Branch(children) if children.len() < 2 => {
                let child = children.into_iter().next();
                child.map_or_else(
                    || Self::Leaf(Vec::new()),
                    |child| Arc::unwrap_or_clone(child.node),
                )
            }
            node => node,
        }
    }

    pub(super) fn only_child(&self) -> Option<Arc<Self>> {
        match self {
            Self::Branch(children) => match children.as_slice() {
                [only] => Some(Arc::clone(&only.node)),
                _ => None,
            },
            Self::Leaf(_) => None,
        }
    }

    pub(super) fn get(&self, key: &E::Key) -> Option<&E> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(entries) => {
                    let at = entries.binary_search_by(|entry| entry.compare(key)).ok()?;
                    return entries.get(at);
                }
                Self::Branch(children) => node = &children.get(place(children, key))?.node,
            }
        }
    }

    pub(super) fn get_mut(&mut self, key: &E::Key) -> Option<&mut E> {
        let entries = self.leaf_mut(key)?;
        let at = entries.binary_search_by(|entry| entry.compare(key)).ok()?;
        entries.get_mut(at)
    }

    /// The leaf of a key.
    fn leaf_mut(&mut self, key: &E::Key) -> Option<&mut Vec<E>> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(entries) => return Some(entries),
                Self::Branch(children) => {
                    let at = place(children, key);
                    node = Arc::make_mut(&mut children.get_mut(at)?.node);
                }
            }
        }
    }

    /// Sets an entry where that changes one leaf alone, as it mostly does; gives the one that was
    /// there. Else the entry comes back, to be [inserted](Self::insert).
    pub(super) fn set(&mut self, key: &E::Key, entry: E) -> Result<Option<E>, E> {
        let Some(entries) = self.leaf_mut(key) else { return Err(entry) };
        match entries.binary_search_by(|entry| entry.compare(key)) {
            Ok(at) => Ok(entries.get_mut(at).map(|old| mem::replace(old, entry))),
            Err(at) if entries.len() < E::LEAF => {
                insert_at(entries, at, entry);
                Ok(None)
            }
            Err(_) => Err(entry),
        }
    }

    /// Takes an entry out where that changes one leaf alone, as it mostly does.
    pub(super) fn take(&mut self, key: &E::Key) -> Option<E> {
        let entries = self.leaf_mut(key)?;
        let at = entries.binary_search_by(|entry| entry.compare(key)).ok()?;
        (entries.len() > E::LEAF / 4).then(|| entries.remove(at))
    }

    /// Inserts an entry that is not there; gives the node to put beside this one if it grew too
    /// large.
    pub(super) fn insert(&mut self, key: &E::Key, entry: E) -> Option<Child<E>> {
        match self {
            Self::Leaf(entries) => {
                let (Ok(at) | Err(at)) = entries.binary_search_by(|entry| entry.compare(key));
                insert_at(entries, at, entry);
                let right = split(entries, E::LEAF, at)?;
                let least = right.first()?.bound(entries.last()?);
                Some(Child { least, node: Arc::new(Self::Leaf(right)) })
            }
            Self::Branch(children) => {
                let at = place(children, key);
                let child = children.get_mut(at)?;
                let beside = Arc::make_mut(&mut child.node).insert(key, entry)?;
                insert_at(children, at.saturating_add(1), beside);
                let right = split(children, BRANCH, at)?;
                let least = right.first()?.least.clone();
                Some(Child { least, node: Arc::new(Self::Branch(right)) })
            }
        }
    }

    pub(super) fn remove(&mut self, key: &E::Key) -> Option<E> {
        match self {
            Self::Leaf(entries) => {
                let at = entries.binary_search_by(|entry| entry.compare(key)).ok()?;
                Some(entries.remove(at))
            }
            Self::Branch(children) => {
                let at = place(children, key);
                let child = Arc::make_mut(&mut children.get_mut(at)?.node);
                let old = child.remove(key);
                if child.len() < child.most() / 4 {
                    join_at(children, at);
                }
                old
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Leaf(entries) => entries.len(),
            Self::Branch(children) => children.len(),
        }
    }

    fn most(&self) -> usize {
        match self {
            Self::Leaf(_) => E::LEAF,
            Self::Branch(_) => BRANCH,
        }
    }

    /// Takes over what a neighbour to the right holds.
    fn append(&mut self, right: Child<E>) {
        match (self, Arc::unwrap_or_clone(right.node)) {
            (Self::Leaf(entries), Self::Leaf(more)) => entries.extend(more),
            (Self::Branch(children), Self::Branch(mut more)) => {
                // The first child's bound meant nothing so far; from now on it does.
                if let Some(first) = more.first_mut() {
                    first.least = right.least;
                }
                children.extend(more);
            }
            // Neighbours are equally far from the leaves.
            _ => {}
        }
    }
}

/// Returns the child that holds a key. They are few, and most changes are of the first ones.
pub(super) fn place<E: Entry>(children: &[Child<E>], key: &E::Key) -> usize {
    children.iter().skip(1).take_while(|child| child.least.cmp(key).is_le()).count()
}

/// By how many entries a list grows. Nodes are many: doubling their room would waste a third of the
/// memory.
const ROOM: usize = 4;

fn insert_at<T>(list: &mut Vec<T>, at: usize, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(ROOM);
    }
    list.insert(at, item);
}

/// The upper part of a list that grew too long, at a place. A list of conversations grows at its
/// top, a log at its end: so the side that no longer grows stays fuller than half.
fn split<T>(list: &mut Vec<T>, most: usize, at: usize) -> Option<Vec<T>> {
    let quarter = most / 4;
    let lower = match at {
        at if at < quarter => quarter,
        at if at > most - quarter => most - quarter,
        _ => most / 2,
    };
    (list.len() > most).then(|| {
        let upper = list.split_off(lower);
        // A node that grows at its top needs its room again soon.
        if at > 0 {
            list.shrink_to(list.len() + ROOM);
        }
        upper
    })
}

/// Joins the child with a neighbour if the two fit into one.
fn join_at<E: Entry>(children: &mut Vec<Child<E>>, at: usize) {
    let left = if at == 0 { 0 } else { at - 1 };
    let right = left + 1;
    let node = |at: usize| children.get(at).map(|child| &child.node);
    let (Some(a), Some(b)) = (node(left), node(right)) else { return };
    if a.len() + b.len() > a.most() {
        return;
    }
    let right = children.remove(right);
    if let Some(left) = children.get_mut(left) {
        Arc::make_mut(&mut left.node).append(right);
    }
}

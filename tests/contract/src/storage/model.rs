//! Random work, compared with a map of names to bytes.

use std::collections::BTreeMap;

use ottla_core::{effect::WriteOp, host::Storage, rng::Rng};

use super::{Disk, append, assert_holds, listed, pattern, put, remove, rename, truncate};

/// What storage should hold.
pub(super) type Model = BTreeMap<String, Vec<u8>>;

const FILES: [&str; 5] = ["a-0/0.log", "a-0/9.log", "b-0/0.log", "b-0/0.log.deleted", "c"];
const DOCUMENTS: [&str; 3] = ["meta", "a-0/epochs", "a-0/snapshot"];

/// One op that storage must take, and what it does to the model.
pub(super) fn draw_op(model: &mut Model, rng: &mut Rng) -> WriteOp {
    let file = FILES[rng.below(FILES.len() as u64) as usize];
    let document = DOCUMENTS[rng.below(DOCUMENTS.len() as u64) as usize];
    match rng.below(10) {
        0..5 => {
            let content = model.entry(file.to_owned()).or_default();
            let bytes = pattern(1 + draw_len(rng), rng.next_u64());
            let op = append(file, content.len() as u64, &bytes);
            content.extend_from_slice(&bytes);
            op
        }
        5 => {
            let len = model.get(file).map_or(0, |content| rng.below(content.len() as u64 + 2));
            model.entry(file.to_owned()).and_modify(|content| content.truncate(len as usize));
            truncate(file, len)
        }
        6 => {
            let to = FILES[rng.below(FILES.len() as u64) as usize];
            match model.remove(file) {
                Some(content) => {
                    model.insert(to.to_owned(), content);
                    rename(file, to)
                }
                None => remove(file),
            }
        }
        7 => {
            model.remove(file);
            remove(file)
        }
        _ => {
            let content = pattern(draw_len(rng) / 4, rng.next_u64());
            let op = put(document, &content);
            model.insert(document.to_owned(), content);
            op
        }
    }
}

fn draw_len(rng: &mut Rng) -> usize {
    let most = [10, 1_000, 70_000][rng.below(3) as usize];
    rng.below(most) as usize
}

pub(super) async fn assert_agrees(storage: &impl Storage, model: &Model) {
    let expected: Vec<_> = model.iter().map(|(file, content)| (file.clone(), content.len() as u64)).collect();
    assert_eq!(listed(storage, "").await, expected);
    for (file, content) in model {
        assert_holds(storage, file, content).await;
    }
}

pub async fn storage_agrees_with_a_model(disk: &mut impl Disk) {
    let mut rng = Rng::new(11);
    let mut model = Model::new();
    for _ in 0..4 {
        let storage = disk.open().await;
        assert_agrees(&storage, &model).await;
        for round in 0..25 {
            let ops = (0..1 + rng.below(4)).map(|_| draw_op(&mut model, &mut rng)).collect();
            storage.commit(ops, round == 24 || rng.below(8) == 0).await.unwrap();
        }
        assert_agrees(&storage, &model).await;
    }
}

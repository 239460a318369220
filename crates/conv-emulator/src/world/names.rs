//! Names in the forms that real people use.

use fastrand::Rng;

/// Family and given names by script; a user takes both from one row.
const PEOPLE: &[(&[&str], &[&str])] = &[
    (&["王", "李", "张", "欧阳"], &["伟", "秀英", "子涵", "小明"]),
    (&["佐藤", "鈴木", "髙橋"], &["さくら", "ハルト", "結衣"]),
    (&["김", "이", "박"], &["민준", "서연", "지우"]),
    (&["محمد", "فاطمة", "علي"], &["الهاشمي", "بن سعيد", "القاسم"]),
    (&["נועה", "יוסף", "דניאל"], &["כהן", "לוי", "מזרחי"]),
    (&["आरव", "अनन्या", "विवान"], &["शर्मा", "गुप्ता", "वर्मा"]),
    (&["สมชาย", "สุดา", "ณัฐ"], &["ใจดี", "รักไทย", "แสงทอง"]),
    (&["Иван", "Ольга", "Ёжик"], &["Петров", "Смирнова", "Жуков"]),
    (&["Zoë", "José", "Łukasz"], &["Núñez", "O’Brien", "Groß"]),
    // The same letters with combining marks: they look equal and have other bytes.
    (&["Zoe\u{308}", "Jose\u{301}", "A\u{30a}sa"], &["Nu\u{301}n\u{303}ez", "Bjo\u{308}rk"]),
    (&["🐼", "👩‍💻", "🇫🇷", "🦊🦊"], &["✨", "2000", "❤️‍🔥"]),
    (&["Ann", "Bob", "Maximilian-Alexander"], &["Smith", "Lee", "van der Berg"]),
];

const TEAMS: &[&str] = &[
    "Suppliers EU",
    "项目组",
    "家人群",
    "営業チーム",
    "프로젝트 방",
    "فريق الدعم",
    "צוות מכירות",
    "विक्रय दल",
    "ทีมขนส่ง",
    "Отдел логистики",
    "Équipe produit",
    "🚀 launch",
    "Book club",
    "Night shift",
];

/// Returns a nick; `None` if the user never set one. One in forty is set but empty.
pub(super) fn person(rng: &mut Rng) -> Option<String> {
    match rng.u8(..40) {
        0 => None,
        1 => Some(String::new()),
        _ => {
            let (first, last) = rng.choice(PEOPLE)?;
            Some(format!("{} {}", rng.choice(*first)?, rng.choice(*last)?))
        }
    }
}

/// Returns a group's name; one in forty is empty.
pub(super) fn team(rng: &mut Rng) -> String {
    if rng.u8(..40) == 0 {
        return String::new();
    }
    let name = rng.choice(TEAMS).copied().unwrap_or_default();
    format!("{name} {}", rng.u16(1..1000))
}

/// Returns the text of a last message.
pub(super) const PHRASES: &[&str] = &[
    "ok",
    "好的，谢谢！",
    "see you tomorrow",
    "ありがとうございます",
    "شكرا جزيلا",
    "תודה רבה",
    "धन्यवाद",
    "ขอบคุณครับ",
    "Спасибо, завтра перезвоню",
    "👍",
    "the invoice is attached",
    "on my way",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_many_scripts_and_sometimes_not_at_all() {
        let mut rng = Rng::with_seed(1);
        let names: Vec<_> = (0..2000).map(|_| person(&mut rng)).collect();
        assert!(names.iter().any(Option::is_none));
        assert!(names.iter().flatten().any(String::is_empty));
        for (low, high) in
            [('\u{4e00}', '\u{9fff}'), ('\u{0600}', '\u{06ff}'), ('\u{0590}', '\u{05ff}')]
        {
            assert!(names.iter().flatten().any(|n| n.chars().any(|c| (low..=high).contains(&c))));
        }
        assert!(names.iter().flatten().all(|name| name.len() <= 500));
    }
}

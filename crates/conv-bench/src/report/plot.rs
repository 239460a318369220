//! Plots a cost over the length of the list: both axes are logarithms.

use std::{error::Error, path::Path};

use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    coord::combinators::IntoLogRange,
    element::Circle,
    prelude::{IntoDrawingArea, PathElement, SVGBackend},
    series::LineSeries,
    style::{Color, IntoFont, Palette, Palette99, WHITE},
};

use super::table::{entrants, grouped, micros};
use crate::{figure::Figure, work::Work};

/// Draws a work that was done on at least three sizes.
pub fn plot(work: &Work, figures: &[Figure], path: &Path) -> Result<bool, Box<dyn Error>> {
    let figures: Vec<_> = figures.iter().filter(|figure| figure.work == work.name).collect();
    let mut sizes: Vec<_> = figures.iter().map(|figure| figure.rows).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let [first, _, .., last] = sizes[..] else {
        return Ok(false);
    };
    let values = || figures.iter().map(|figure| figure.value.main());
    let low = values().fold(f64::INFINITY, f64::min) / 1.5;
    let high = values().fold(0.0, f64::max) * 1.5;

    let area = SVGBackend::new(path, (860, 460)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(work.title, ("sans-serif", 18).into_font())
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(72)
        .build_cartesian_2d((first as f64..last as f64).log_scale(), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("rows")
        .x_label_formatter(&|rows| grouped(rows.round() as usize))
        .y_label_formatter(&|time| micros(*time))
        .draw()?;
    for (at, entrant) in entrants(&figures).into_iter().enumerate() {
        let color = Palette99::pick(at).to_rgba();
        let of = figures.iter().filter(|figure| figure.entrant == entrant);
        let points: Vec<_> = of.map(|figure| (figure.rows as f64, figure.value.main())).collect();
        chart
            .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?
            .label(entrant)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
        chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, color.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(WHITE)
        .draw()?;
    area.present()?;
    Ok(true)
}

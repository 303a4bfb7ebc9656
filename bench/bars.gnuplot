# Draws pairs of bars, ours above what it is compared with, from the lines that `bench/figures.awk` prints:
#
#   gnuplot -c bench/bars.gnuplot <data> <SVG> <title> <rows> <name of ours> <name of raw>
#
# Bars begin at 0. A thin line across a bar's end is the range of several runs.
data = ARG1
rows = ARG4 + 0
height = 94.0 + 40 * rows

ours = "#1b6ca8"
raw = "#b9c3cb"
dark = "#222222"
pale = "#666666"

set terminal svg size 760, height font "sans-serif,13" background "white"
set output ARG2
set datafile separator "\t"
set label 1 ARG3 at screen 0.02, screen 1 offset 0, -1.2 left font ",15" textcolor rgb dark

set lmargin at screen 0.33
set rmargin at screen 0.9
set tmargin 4.2
set bmargin 1.8
set border 2 linecolor rgb "#999999"
set yrange [rows + 0.5 : 0.5]
set ytics nomirror scale 0 textcolor rgb dark
set xrange [0 : *]
set xtics nomirror scale 0 textcolor rgb pale
set grid xtics linecolor rgb "#e4e4e4" linetype 1
set key at screen 0.33, screen 1 - 36 / height left top horizontal Left reverse samplen 1 width 2 textcolor rgb dark
set style fill solid noborder

range(middle, low, high) = low < high ? middle : NaN

plot data using 3:($1 - 0.18):(0):3:($1 - 0.35):($1 - 0.01):ytic(2) with boxxyerror linecolor rgb ours title ARG5, \
     data using 7:($1 + 0.18):(0):7:($1 + 0.01):($1 + 0.35) with boxxyerror linecolor rgb raw title ARG6, \
     data using (range($3, $4, $5)):($1 - 0.18):4:5 with xerrorbars linecolor rgb dark pointtype 0 notitle, \
     data using (range($7, $8, $9)):($1 + 0.18):8:9 with xerrorbars linecolor rgb dark pointtype 0 notitle, \
     data using 5:($1 - 0.18):6 with labels left offset 0.6, 0 font ",12" textcolor rgb dark notitle, \
     data using 9:($1 + 0.18):10 with labels left offset 0.6, 0 font ",12" textcolor rgb pale notitle

# Ridge regression by the normal equations, a category as columns of 0 and 1. Gives lines of tab-separated
#   bias <weight> | number <feature> <weight> <mean> | category <feature> <category> <effect>

# The position of a term in the equations, new ones at the end.
function place(term) {
  if (!(term in at)) {
    at[term] = ++terms
    called[terms] = term
  }
  return at[term]
}

BEGIN {
  count = split(kinds, lines, "\n")
  for (i = 1; i <= count; i++) {
    split(lines[i], part, "=")
    kind[part[1]] = part[2]
  }
  place("bias")
}

FNR == 1 {
  for (i = 1; i <= NF; i++) name[i] = $i
  next
}

{
  rows++
  used = 1
  position[1] = 1
  value[1] = 1
  for (i = 1; i <= NF; i++) {
    if (!(name[i] in kind)) { target = $i; continue }
    if (kind[name[i]] == "category") {
      position[++used] = place("category\t" name[i] "\t" $i)
      value[used] = 1
    } else if ($i != "") {
      position[++used] = place("number\t" name[i])
      value[used] = $i
      sum[name[i]] += $i
      seen[name[i]]++
    }
  }
  for (i = 1; i <= used; i++) {
    right[position[i]] += value[i] * target
    for (j = 1; j <= used; j++) left[position[i], position[j]] += value[i] * value[j]
  }
}

END {
  for (i = 2; i <= terms; i++) left[i, i] += ridge * rows
  # Gauss: the matrix is symmetric and positive definite, so no rows need to be exchanged.
  for (i = 1; i <= terms; i++)
    for (k = i + 1; k <= terms; k++) {
      factor = left[k, i] / left[i, i]
      if (factor == 0) continue
      for (j = i; j <= terms; j++) left[k, j] -= factor * left[i, j]
      right[k] -= factor * right[i]
    }
  for (i = terms; i >= 1; i--) {
    for (j = i + 1; j <= terms; j++) right[i] -= left[i, j] * weight[j]
    weight[i] = right[i] / left[i, i]
  }
  for (i = 1; i <= terms; i++) {
    split(called[i], part, "\t")
    mean = part[1] == "number" ? sprintf("\t%.9g", sum[part[2]] / seen[part[2]]) : ""
    printf "%s\t%.9g%s\n", called[i], weight[i], mean
  }
}

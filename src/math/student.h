/* Student's t distribution. Degrees of freedom may be fractions; infinity is the normal one. */
#ifndef DLN_MATH_STUDENT_H
#define DLN_MATH_STUDENT_H

/* Probability of |T| ≥ |t|: 1 at 0, 0 at infinity, NaN for df ≤ 0 or a NaN. */
double dln_student_two_sided(double t, double df);
/* The t ≥ 0 that |T| stays below with this probability, 0 ≤ inside < 1. */
double dln_student_within(double inside, double df);

#endif

/*
 * Crossover and mutation of one coordinate, as evolutionary algorithms vary real numbers. All lies
 * in [low, high]; u is uniform in [0, 1). The larger eta, the nearer children are to parents.
 */
#ifndef DLN_MATH_VARIATION_H
#define DLN_MATH_VARIATION_H

struct dln_children {
    double low, high; /* the child near the lower parent, and the one near the higher */
};

/*
 * Simulated binary crossover within bounds. Deb & Agrawal, "Simulated binary crossover for
 * continuous search space" (1995); bounds as in Deb's NSGA-II and in Optuna.
 */
struct dln_children dln_sbx(double a, double b, double low, double high, double eta, double u);

/* Polynomial mutation within bounds: Deb & Agrawal (1999); u = 1/2 leaves x as it is. */
double dln_polynomial_mutation(double x, double low, double high, double eta, double u);

#endif

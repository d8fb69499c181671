/* Everything a program that embeds dialin needs. */
#ifndef DIALIN_DIALIN_H
#define DIALIN_DIALIN_H

#include "dialin/confirm.h"
#include "dialin/engine.h"
#include "dialin/error.h"
#include "dialin/exec.h"
#include "dialin/explain.h"
#include "dialin/entries.h"
#include "dialin/filter.h"
#include "dialin/peek.h"
#include "dialin/predict.h"
#include "dialin/pruner.h"
#include "dialin/serve.h"
#include "dialin/space.h"
#include "dialin/space_edit.h"
#include "dialin/space_plan.h"
#include "dialin/store.h"
#include "dialin/strategy.h"
#include "dialin/study.h"
#include "dialin/trial.h"
#include "dialin/trust.h"
#include "dialin/version.h"

#endif

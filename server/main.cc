#include "server/cli/run.h"

int main(int argc, char** argv) { return perdure::server::Run(argc, argv); }

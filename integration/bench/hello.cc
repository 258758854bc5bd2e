// The least that any command can take: a static program that does nothing.
int main() { return 0; }

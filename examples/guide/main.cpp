#include <guide/chapters.hpp>

int main() {
  chapters::event_stores();
  chapters::commands();
  chapters::messages();
  chapters::testing();
  chapters::dam();
  chapters::decorator();
}

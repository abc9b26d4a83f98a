#include <guide/chapters.hpp>

int main() {
  chapters::event_stores();
}

"""Places of France: communes, departments, regions, and which of them people mean by what they type. Pure; the data are package files."""
